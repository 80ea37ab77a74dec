# One image; the command decides which process it is (see docker-compose.yml).
FROM python:3.13-slim-bookworm AS build
WORKDIR /app
COPY requirements.lock .
RUN python -m venv /venv \
    && /venv/bin/pip install --no-cache-dir --only-binary :all: --require-hashes -r requirements.lock

FROM python:3.13-slim-bookworm
LABEL org.opencontainers.image.title="gpuquote" \
      org.opencontainers.image.licenses="Apache-2.0"
RUN useradd --system --uid 10001 --home-dir /data --create-home gpuquote
WORKDIR /app
COPY --from=build /venv /venv
COPY clients/python/src clients/python/src
COPY clients/openapi clients/openapi
COPY service service
COPY scrapers scrapers
ENV PATH=/venv/bin:$PATH \
    PYTHONPATH=/app/clients/python/src \
    PYTHONDONTWRITEBYTECODE=1 \
    PYTHONUNBUFFERED=1 \
    GPUQUOTE_DATA_DIR=/data
USER 10001
ENTRYPOINT ["python", "-m"]
CMD ["service", "up"]
