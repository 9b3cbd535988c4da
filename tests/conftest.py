"""One profile for every property test: speed is measured in benchmarks/, never here."""

from hypothesis import settings

settings.register_profile("kpilib", deadline=None)
settings.load_profile("kpilib")
