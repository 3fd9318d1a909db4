"""The web console: what people look at all day, inside the process of the service."""
