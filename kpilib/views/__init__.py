"""Views: what a person reads."""
