# syntax=docker/dockerfile:1
# Two stages: the first builds a virtual environment from the locked requirements, the second carries only what runs.
# Behind a package mirror: docker build --secret id=pip,src=$HOME/.config/pip/pip.conf .

FROM python:3.11-slim-bookworm AS build
ENV PIP_NO_CACHE_DIR=1 PIP_DISABLE_PIP_VERSION_CHECK=1
WORKDIR /src
COPY requirements/ requirements/
RUN --mount=type=secret,id=pip,target=/etc/pip.conf \
    python -m venv /opt/build && /opt/build/bin/pip install --require-hashes -r requirements/build.txt
RUN --mount=type=secret,id=pip,target=/etc/pip.conf \
    python -m venv /opt/lms && /opt/lms/bin/pip install --require-hashes -r requirements/runtime.txt -r requirements/s3.txt
COPY . .
RUN /opt/build/bin/pip wheel --no-build-isolation --no-deps --wheel-dir /wheels . \
    && /opt/lms/bin/pip install --no-deps /wheels/*.whl \
    && /opt/lms/bin/python -m compileall -q /opt/lms/lib

FROM python:3.11-slim-bookworm AS runtime
RUN apt-get update \
    && apt-get install -y --no-install-recommends \
        fonts-dejavu-core fonts-noto-core libharfbuzz-subset0 libpango-1.0-0 libpangoft2-1.0-0 \
    && rm -rf /var/lib/apt/lists/* \
    && useradd --uid 10001 --no-create-home --home-dir /data --shell /usr/sbin/nologin lms \
    && install -d -o lms -g lms -m 0750 /data /backups
COPY --from=build /opt/lms /opt/lms
ENV PATH=/opt/lms/bin:$PATH PYTHONUNBUFFERED=1 PYTHONDONTWRITEBYTECODE=1 LMS_DATA_DIR=/data XDG_CACHE_HOME=/tmp
WORKDIR /data
USER 10001
VOLUME ["/data", "/backups"]
EXPOSE 8000
HEALTHCHECK --interval=30s --timeout=5s --start-period=60s --retries=3 \
    CMD ["python", "-c", "import urllib.request; urllib.request.urlopen('http://127.0.0.1:8000/healthz', timeout=4)"]
CMD ["lms", "serve", "--host", "0.0.0.0", "--port", "8000"]
