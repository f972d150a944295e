"""From models and components to one stack: settings, declared access, workloads."""
