"""The ground floor: what every plugin stands on. It knows no learning and imports no plugin."""
