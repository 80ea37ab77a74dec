"""Which: offers, GPU models and providers side by side, for a workload or without one."""
