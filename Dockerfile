# One image for every process; which one runs is a name from the Procfile (default: web).
FROM python:3.11-slim
ENV PYTHONUNBUFFERED=1 PYTHONDONTWRITEBYTECODE=1 PIP_NO_CACHE_DIR=1 \
    HOST=0.0.0.0 BEAT_SCHEDULE=/tmp/beat STATIC_ROOT=/srv/static
RUN useradd --system --create-home --uid 10001 aiw3 && install -d -o aiw3 /srv/static
WORKDIR /srv/app
COPY requirements.lock .
RUN pip install --require-hashes --no-deps --only-binary=:all: --no-binary=http-ece -r requirements.lock
COPY . .
# Collecting static files needs settings, but none of them is kept in the image.
RUN python -m demo.throwaway python manage.py collectstatic --noinput --verbosity 0
USER aiw3
EXPOSE 8000
ENTRYPOINT ["/bin/sh", "-c", "eval \"exec $(sed -n \"s/^$0: //p\" Procfile)\""]
CMD ["web"]
