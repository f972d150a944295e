"""What must hold before a sync begins: rules on a SyncRequest instead of a resource."""
