"""What people of the platform write: applications, environments, tenants, and the settings of every layer."""
