"""The same plugin after the upgrade: pears have a colour."""
