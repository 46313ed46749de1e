"""The domain. Knows neither HTTP nor queues."""
