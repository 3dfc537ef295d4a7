"""Property tests judge values, not how busy the machine is: no deadline, and no bound on generation."""

from hypothesis import HealthCheck, settings

settings.register_profile("any-load", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("any-load")
