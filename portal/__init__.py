"""Port (port.io): what it is told of the platform, and what a request made there becomes."""
