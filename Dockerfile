# The image of basehttpd. docs/operations.md says how to run it, tests/docker/run.sh tries it.
#   docker build -t basehttpd .
#   docker run -p 80:8080 -v /srv/www:/srv/www:ro --read-only --tmpfs /tmp --cap-drop ALL basehttpd
ARG BASE=debian:bookworm-slim

FROM $BASE AS build
WORKDIR /src
# The packages first: they change less often than the sources.
COPY dev .
RUN ./dev packages && rm -rf /var/lib/apt/lists/*
COPY . .
RUN cmake --preset release -DBUILD_TESTING=OFF \
 && cmake --build --preset release --target basehttpd \
 && strip build/release/basehttpd

FROM $BASE
# What `ldd basehttpd` names and the base lacks. Debian mends these, so build again now and then.
RUN apt-get update \
 && apt-get install -y --no-install-recommends libboost-program-options1.81.0 libbrotli1 libfmt9 \
        libspdlog1.10 libssl3 libzstd1 zlib1g \
 && rm -rf /var/lib/apt/lists/* /var/cache/apt/* /var/cache/debconf/* /var/cache/ldconfig/* \
        /var/log/apt /var/log/dpkg.log /var/log/alternatives.log \
 && mkdir -p /srv/www
COPY --from=build /src/build/release/basehttpd /usr/bin/
COPY config/docker.ini /etc/basehttpd/basehttpd.ini
ENV BASEHTTPD_CONFIG=/etc/basehttpd/basehttpd.ini
WORKDIR /srv/www
# Any other number works as well: nothing in the image belongs to it, and nothing is written.
USER 65532:65532
EXPOSE 8080
STOPSIGNAL SIGTERM
HEALTHCHECK --interval=10s --timeout=5s --start-period=10s --retries=3 CMD ["basehttpd", "healthcheck"]
ENTRYPOINT ["basehttpd"]
LABEL org.opencontainers.image.title="basehttpd" \
      org.opencontainers.image.description="Static-file and CGI web server" \
      org.opencontainers.image.licenses="MIT"
