"""Engines: each reads score expressions, none reads trees."""
