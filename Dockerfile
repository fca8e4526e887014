# The image for those who have a container engine: `docker build -t registry.example/orbweaver:0.2.0 .`
# `npm run image` builds the same files without one. Both ask scripts/image/root-files.ts what is in it.

# Debian 12, whose libraries Node and the addons are linked with.
FROM node:24-bookworm AS build
# musl-tools: the plugin is a static binary that starts in a fraction of a millisecond.
RUN apt-get update && apt-get install -y --no-install-recommends musl-tools binutils
WORKDIR /source
COPY package.json package-lock.json .npmrc ./
RUN npm ci
COPY . .
RUN npm run build && npm run image -- --tree /root-files

# No shell, no package manager: Node, the daemon, the plugins.
FROM scratch
COPY --from=build /root-files /
# Without env in the image, these are Node scripts that name /usr/bin/node themselves.
ENTRYPOINT ["/usr/bin/orbweaverd"]
CMD ["run"]
