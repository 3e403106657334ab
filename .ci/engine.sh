# A running container engine. Sourced by `run`.

# The process id and the log of an engine started here, so that `run` can stop it.
engine_pid=$work/dockerd.pid
engine_log=$work/dockerd.log

engine_responds() {
    local version
    version=$(timeout 20 docker version --format '{{.Server.Version}}' 2>/dev/null) && echo "engine $version"
}

ensure_engine() {
    if engine_responds; then
        return
    fi
    if [[ -n ${DOCKER_HOST:-} ]]; then
        echo "DOCKER_HOST is $DOCKER_HOST, but no engine responds there" >&2
        return 1
    fi
    if ! command -v dockerd >/dev/null || ! command -v docker >/dev/null; then
        install_packages docker.io
        # The installation may have started it.
        if engine_responds; then
            return
        fi
    fi
    setsid dockerd >"$engine_log" 2>&1 </dev/null &
    local pid=$! limit=$((SECONDS + 90))
    echo "$pid" >"$engine_pid"
    until engine_responds; do
        if ! kill -0 "$pid" 2>/dev/null || ((SECONDS > limit)); then
            echo "dockerd is not ready after 90 s; last log lines:" >&2
            tail -n 20 "$engine_log" >&2
            return 1
        fi
        sleep 0.5
    done
}

# Stops the engine if this run started it.
stop_engine() {
    if [[ -s $engine_pid ]]; then
        local pid limit=$((SECONDS + 30))
        pid=$(<"$engine_pid")
        kill "$pid" 2>/dev/null || true
        while kill -0 "$pid" 2>/dev/null && ((SECONDS < limit)); do
            sleep 0.2
        done
    fi
}

install_packages() {
    export DEBIAN_FRONTEND=noninteractive
    apt-get update -qq
    apt-get install -y -qq "$@"
}
