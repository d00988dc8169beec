# syntax=docker/dockerfile:1
#
# The image of ocpp-security-proxy. docs/operations/container.md says how it is built, run and pinned.
#
# Both bases can be given with a digest, which is what a release should do:
#   docker build --build-arg NODE_IMAGE=node@sha256:… --build-arg RUNTIME_IMAGE=debian@sha256:… .
ARG NODE_IMAGE=node:24-trixie-slim
ARG RUNTIME_IMAGE=debian:trixie-slim

# What the program needs when it runs, and nothing of what builds it.
FROM ${NODE_IMAGE} AS dependencies
WORKDIR /app
COPY package.json package-lock.json .npmrc ./
RUN npm ci --omit=dev --ignore-scripts --no-audit --no-fund

FROM ${NODE_IMAGE} AS build
WORKDIR /app
COPY package.json package-lock.json .npmrc ./
RUN npm ci --ignore-scripts --no-audit --no-fund
COPY tsconfig.json tsconfig.build.json ./
COPY src ./src
# The last stage may have no shell and no env(1): links, modes, empty folders and the interpreter that the kernel
# starts for the command are made here.
RUN npm run build \
 && sed -i '1s|^#!.*$|#!/usr/local/bin/node|' dist/main.js \
 && find dist -name '*.map' -delete -o -name '*.d.ts' -delete \
 && chmod 0755 dist/main.js \
 && mkdir -p image/bin image/data \
 && ln -s /app/dist/main.js image/bin/ocpp-security-proxy

# No npm, no compiler, no sources. Nothing runs here, so that a base without a shell will do as well:
# any with glibc and libstdc++.
FROM ${RUNTIME_IMAGE}
ARG VERSION=0.1.0
ARG REVISION=unknown
LABEL org.opencontainers.image.title="ocpp-security-proxy" \
      org.opencontainers.image.description="The central-system side of 'Improved security for OCPP 1.6-J' in front of a central system that speaks plain ws://" \
      org.opencontainers.image.licenses="Apache-2.0" \
      org.opencontainers.image.version="${VERSION}" \
      org.opencontainers.image.revision="${REVISION}"
COPY --from=build /usr/local/bin/node /usr/local/bin/node
COPY --from=dependencies /app/node_modules /app/node_modules
COPY --from=build /app/dist /app/dist
COPY --from=build /app/image/bin/ /usr/local/bin/
COPY --from=build --chown=65532:65532 /app/image/data /var/lib/ocpp-security-proxy
COPY package.json LICENSE /app/
ENV NODE_ENV=production \
    ADMIN_URL=http://127.0.0.1:9090
# Where the configuration is mounted, so that every command finds it without --config.
WORKDIR /etc/ocpp-security-proxy
# By number: Kubernetes cannot tell whether a name is root (runAsNonRoot).
USER 65532:65532
EXPOSE 8443 8444
STOPSIGNAL SIGTERM
# Alive, not ready: a restart does not bring the central system back. Set ADMIN_URL where admin.address is another.
HEALTHCHECK --interval=30s --timeout=5s --start-period=30s --retries=3 \
  CMD ["/usr/local/bin/node", "-e", "fetch(process.env.ADMIN_URL + '/livez').then((answer) => process.exit(answer.ok ? 0 : 1), () => process.exit(1))"]
ENTRYPOINT ["/usr/local/bin/node", "--max-semi-space-size=8", "--no-async-context-frame", "/app/dist/main.js"]
CMD ["serve"]
