# The service:            docker build -t maxsink .
# The local MaxCompute:   docker build --target emulator -t maxsink-emulator .
# Where no image can be pulled, both arguments take images made on this machine: scripts/image-test.sh does so.
ARG NODE_IMAGE=node:24-bookworm-slim
ARG BASE_IMAGE=debian:bookworm-slim

# -- compiles the Kafka addon and the service ----------------------------------------------------------------------
FROM ${NODE_IMAGE} AS build
WORKDIR /app
COPY package.json package-lock.json .npmrc ./
COPY scripts/setup.sh scripts/
# 1: always compile, so that what the image holds does not depend on the network; 0: take the prebuilt addon where it can be had.
ARG SETUP_COMPILE=1
RUN scripts/setup.sh
COPY tsconfig.json tsconfig.build.json ./
COPY src src
RUN npm run --silent build

# What only compilers, editors and debuggers read stays behind.
RUN addon=node_modules/@confluentinc/kafka-javascript \
    && mv node_modules/@duckdb /duckdb \
    && npm prune --omit=dev --omit=optional --no-audit --no-fund \
    && rm -rf "$addon/deps" "$addon/src" "$addon/util" "$addon/build/Release/obj.target" "$addon/build/Release/.deps" \
        "$addon/build/deps/librdkafka" "$addon/build/deps/include" \
    && find "$addon/build" -name '*.a' -delete \
    && find "$addon/build" -name '*.so.*' -type f -exec strip --strip-unneeded {} + \
    && find node_modules dist -type f -regex '.*\.\(map\|ts\|mts\|cts\|md\|py\)' -delete

FROM ${NODE_IMAGE} AS node

# -- what both images have -----------------------------------------------------------------------------------------
FROM ${BASE_IMAGE} AS runtime
# The shared libraries of the Kafka addon; the certificate authorities for brokers with TLS; tini as the first process, because
# the kernel keeps signals from a first process that does not handle them yet. Debian keeps only the newest version of a package,
# so a pinned one would fail after the next security update.
# hadolint ignore=DL3008
RUN apt-get update \
    && apt-get install -y --no-install-recommends ca-certificates libcurl4 libsasl2-2 libssl3 libstdc++6 libzstd1 liblz4-1 tini zlib1g \
    && rm -rf /var/lib/apt/lists/* /var/cache/apt/* /var/log/* \
    && groupadd --gid 10001 maxsink \
    && useradd --uid 10001 --gid 10001 --no-create-home --home-dir /var/lib/maxsink --shell /usr/sbin/nologin maxsink \
    && install -d -o 10001 -g 10001 /var/lib/maxsink
COPY --from=node /usr/local/bin/node /usr/local/bin/node
COPY --from=build /app/node_modules /app/node_modules
COPY --from=build /app/dist /app/dist
COPY package.json LICENSE /app/
COPY config /app/config
ENV NODE_ENV=production
# Relative names of the configuration start here: dead-letters is /var/lib/maxsink/dead-letters, the place for a volume.
WORKDIR /var/lib/maxsink
USER 10001:10001
STOPSIGNAL SIGTERM
ENTRYPOINT ["tini", "--", "node", "/app/dist/cli.js"]
ARG VERSION=0.1.0
LABEL org.opencontainers.image.licenses="Apache-2.0" \
      org.opencontainers.image.version="${VERSION}"

# -- the local MaxCompute: with DuckDB, which keeps the rows and answers SQL ---------------------------------------
FROM runtime AS emulator
LABEL org.opencontainers.image.title="maxsink-emulator" \
      org.opencontainers.image.description="A local MaxCompute for tests of maxsink and other clients"
COPY --from=build /duckdb /app/node_modules/@duckdb
EXPOSE 8090
HEALTHCHECK --interval=10s --timeout=5s --start-period=10s \
    CMD ["node", "-e", "fetch('http://127.0.0.1:8090/_stats').then((r) => process.exit(r.ok ? 0 : 1), () => process.exit(1))"]
CMD ["emulator", "--host", "0.0.0.0", "--port", "8090", "--project", "demo", "--access-id", "a", "--access-key", "k", "--data", "/var/lib/maxsink"]

# -- the service ---------------------------------------------------------------------------------------------------
FROM runtime AS service
LABEL org.opencontainers.image.title="maxsink" \
      org.opencontainers.image.description="Moves Kafka topics into Alibaba MaxCompute tables"
EXPOSE 9464
# For a listener at another port, set the port by MAXSINK_HTTP_PORT. Kubernetes has probes of its own.
HEALTHCHECK --interval=30s --timeout=10s --start-period=30s \
    CMD ["node", "-e", "fetch(`http://127.0.0.1:${process.env.MAXSINK_HTTP_PORT || 9464}/live`).then((r) => process.exit(r.ok ? 0 : 1), () => process.exit(1))"]
CMD ["run", "-c", "/etc/maxsink/maxsink.yaml"]
