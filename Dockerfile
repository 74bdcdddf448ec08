# Targets: crawler (no TensorFlow), worker, web (the page; no TensorFlow), flower, and browser (crawler with Chromium); for the classic builder and for
# BuildKit. In each, packages come before source, so that a changed source line rebuilds in seconds. Packages are
# installed where they stay, and only the source, which is small, is copied between stages: the classic builder reads
# everything that is, at every build. It makes every stage above the wanted one, too, so that the largest comes last.
# --build-arg STORE=s3 adds what IMAGE_STORE=s3://... needs.

FROM python:3.11-slim-bookworm AS base
ENV PATH=/opt/venv/bin:$PATH \
    HOME=/tmp \
    PYTHONUNBUFFERED=1 \
    PYTHONDONTWRITEBYTECODE=1 \
    UV_SYSTEM_CERTS=1 \
    UV_NO_CACHE=1 \
    VIRTUAL_ENV=/opt/venv \
    VASTRA_FOLDER=/var/lib/vastra
RUN groupadd --gid 10001 vastra \
 && useradd --uid 10001 --gid vastra --home-dir /tmp --no-create-home --shell /usr/sbin/nologin vastra \
 && install --directory --owner vastra --group vastra /var/lib/vastra
WORKDIR /srv/vastra

# The checkout with its bytecode, which Python compares with the source by hash: a copy may change a file's time.
FROM base AS source
COPY categories.toml pyproject.toml scrapy.cfg ./
COPY db db/
COPY crawler crawler/
COPY worker worker/
COPY web web/
COPY demo demo/
RUN python -m compileall -q --invalidation-mode checked-hash crawler db demo web worker

FROM base AS crawler
ARG STORE
COPY requirements/install.sh requirements/crawler.lock requirements/s3.lock requirements/not-in-crawler.txt requirements/
# Tests and the sources of compiled modules are never run. The import writes bytecode for what every start imports,
# and for nothing else: all of it would be 80 MB.
RUN sh requirements/install.sh crawler \
 && find /opt/venv -type d -regex '.*/\(tests?\|testing\)' -prune -exec rm -rf {} + \
 && find /opt/venv -type f -regex '.*\.\(a\|c\|h\|pxd\|pyi\|pyx\)' -delete \
 && PYTHONDONTWRITEBYTECODE= python -c "import alembic.command, celery.apps.worker, celery.bin.celery, numpy, PIL.Image, \
      psycopg, redis, rich.progress, scrapy.commands.crawl, scrapy.core.downloader, scrapy.pipelines.media, sqlalchemy.orm, typer"
COPY --from=source /srv/vastra ./
USER vastra
CMD ["python", "-m", "worker", "--help"]

FROM base AS worker
ARG STORE
COPY requirements/install.sh requirements/worker.lock requirements/s3.lock requirements/
RUN sh requirements/install.sh worker \
 && PYTHONDONTWRITEBYTECODE= python -c "import alembic.command, celery.apps.worker, celery.bin.celery, keras, PIL.Image, \
      psycopg, redis, rich.progress, scipy.sparse.csgraph, sklearn.linear_model, sqlalchemy.orm, tensorflow, typer"
COPY --from=source /srv/vastra ./
USER vastra
CMD ["python", "-m", "worker", "--help"]

FROM base AS web
ARG STORE
COPY requirements/install.sh requirements/web.lock requirements/s3.lock requirements/
RUN sh requirements/install.sh web \
 && PYTHONDONTWRITEBYTECODE= python -c "import celery, jinja2, numpy, PIL.Image, psycopg, redis, sklearn.linear_model, \
      sqlalchemy.orm, starlette.applications, typer, uvicorn"
COPY --from=source /srv/vastra ./
USER vastra
CMD ["python", "-m", "web", "--help"]

FROM base AS flower
COPY requirements/install.sh requirements/flower.lock requirements/
RUN sh requirements/install.sh flower
USER vastra
CMD ["celery", "flower"]

FROM base AS browser
RUN apt-get update \
 && apt-get install --yes --no-install-recommends chromium fonts-noto-core libatomic1 \
 && rm -rf /var/lib/apt/lists/*
ARG STORE
COPY requirements/install.sh requirements/browser.lock requirements/s3.lock requirements/not-in-crawler.txt requirements/
RUN sh requirements/install.sh browser
COPY --from=source /srv/vastra ./
USER vastra
CMD ["python", "-m", "worker", "--help"]
