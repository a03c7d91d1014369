# One image for each service: docker build --build-arg SERVICE=ingest .
FROM node:24-slim AS build
WORKDIR /app
COPY package.json package-lock.json .npmrc ./
COPY packages/client/package.json packages/client/
COPY packages/exactly-once/package.json packages/exactly-once/
COPY packages/local-stack/package.json packages/local-stack/
COPY packages/shared/package.json packages/shared/
COPY packages/testing/package.json packages/testing/
COPY services/ingest/package.json services/ingest/
COPY services/query-api/package.json services/query-api/
COPY services/streak-processor/package.json services/streak-processor/
COPY bench/package.json bench/
COPY e2e/package.json e2e/
RUN npm ci --ignore-scripts
COPY . .
ARG SERVICE
RUN test -d "services/${SERVICE:?say which service with --build-arg SERVICE=}" \
  && npx turbo run build --filter="@streaks/${SERVICE}"
# Only what this service needs at run time. The patches go on last: npm writes packages anew.
RUN mkdir /runtime \
  && cp -r --parents package.json package-lock.json .npmrc patches packages/*/package.json services/*/package.json bench/package.json e2e/package.json /runtime \
  && cd /runtime \
  && npm ci --ignore-scripts --omit=dev --workspace="@streaks/${SERVICE}" \
  && node /app/node_modules/patch-package/index.js --error-on-fail

FROM node:24-slim
ARG SERVICE
ENV NODE_ENV=production SERVICE=${SERVICE}
WORKDIR /app
COPY --from=build /runtime/node_modules node_modules
COPY --from=build /app/package.json ./
COPY --from=build /app/packages packages
COPY --from=build /app/services/${SERVICE} services/${SERVICE}
USER node
# The service's name is part of the command line, so that ps tells them apart.
CMD ["sh", "-c", "exec node $(node -p 'require(`./services/${process.env.SERVICE}/package.json`).nodeArguments.join(` `)') services/${SERVICE}/dist/main.js"]
