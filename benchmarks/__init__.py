"""What `script/bench` runs. Every module here with a `run()` function is a benchmark; see `measurement.py` for its answer."""
