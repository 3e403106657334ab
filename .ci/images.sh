# Images of the examined registries. Sourced by `run`.
#
# A local image is used; otherwise the official one is pulled; otherwise the real program of Distribution or crane is
# wrapped in an image of the official name, with the official default configuration and a label that names its origin.
# A wrapped image of an earlier run is made again, because it takes seconds and the earlier run may have failed midway.

distribution_2=2.8.2 # What Debian ships; the official image of that version is the same program.
distribution_3=3.0.0
zot=2.1.20
crane_image=gcr.io/go-containerregistry/crane:v0.20.3
zot_image=ghcr.io/project-zot/zot:v$zot

ensure_images() {
    ensure_image "registry:$distribution_2" wrap_distribution_2
    ensure_image "registry:$distribution_3" wrap_distribution_3
    ensure_image "$zot_image" skip_zot
    ensure_image "$crane_image" wrap_crane
}

has_image() {
    docker image inspect "$1" >/dev/null 2>&1
}

# ensure_image NAME OTHERWISE
ensure_image() {
    if has_image "$1" && [[ -z $(origin_of "$1") ]]; then
        echo "$1: local"
    elif timeout 120 docker pull -q "$1"; then
        echo "$1: pulled"
    else
        "$2"
    fi
    if has_image "$1"; then
        echo "    $(docker image inspect "$1" --format '{{.Id}}') $(origin_of "$1")"
    fi
}

# origin_of IMAGE: the origin of the program in a wrapped image; nothing for an official image.
origin_of() {
    docker image inspect "$1" --format '{{with .Config.Labels}}{{index . "org.helm-oci-conformance.stand-in"}}{{end}}'
}

skip_zot() {
    echo
    echo "SKIPPED zot: $zot_image is not available locally and cannot be pulled; zot is not examined"
    echo
}

wrap_distribution_2() {
    if [[ ! -x /usr/bin/docker-registry ]]; then
        install_packages docker-registry
    fi
    local version
    version=$(/usr/bin/docker-registry --version)
    if [[ $version != *" $distribution_2"* ]]; then
        echo "Debian's docker-registry is not $distribution_2: $version" >&2
        return 1
    fi
    wrap "registry:$distribution_2" /usr/bin/docker-registry /etc/docker/registry/config.yml "Debian: $version"
}

wrap_distribution_3() {
    local module=github.com/distribution/distribution/v3/cmd/registry@v$distribution_3
    ensure_go_program "distribution-$distribution_3/registry" "$module"
    wrap "registry:$distribution_3" "$cache/distribution-$distribution_3/registry" \
        /etc/distribution/config.yml "go install $module"
}

wrap_crane() {
    local module=github.com/google/go-containerregistry/cmd/crane@v0.20.3 root
    root=$(rooted "$cache/crane-0.20.3/crane")
    stand_in "$crane_image" "$root" "go install $module"
}

# wrap IMAGE PROGRAM CONFIGURATION ORIGIN: an image of the program with the default configuration of Distribution.
wrap() {
    local image=$1 program=$2 configuration=$3 origin=$4 root
    root=$(rooted "$program")
    mkdir -p "$root/var/lib/registry" "$root$(dirname "$configuration")"
    cat >"$root$configuration" <<'CONFIGURATION'
version: 0.1
log:
  fields:
    service: registry
storage:
  cache:
    blobdescriptor: inmemory
  filesystem:
    rootdirectory: /var/lib/registry
http:
  addr: :5000
  headers:
    X-Content-Type-Options: [nosniff]
health:
  storagedriver:
    enabled: true
    interval: 10s
    threshold: 3
CONFIGURATION
    stand_in "$image" "$root" "$origin" --change 'ENV OTEL_TRACES_EXPORTER=none' \
        --change "CMD [\"serve\",\"$configuration\"]"
}

# rooted PROGRAM: prints a root folder with the program and its libraries.
rooted() {
    local program=$1 root library
    root=$(mktemp -d "$work/root.XXXXXX")
    mkdir -p "$root/bin" "$root/tmp"
    cp "$program" "$root/bin/registry"
    # ldd exits with an error for a static program, which has no libraries.
    { ldd "$program" 2>/dev/null || true; } | grep -o '/[^ ]*' | while read -r library; do
        mkdir -p "$root$(dirname "$library")"
        cp -L "$library" "$root$library"
    done || true
    echo "$root"
}

# stand_in IMAGE ROOT ORIGIN CHANGE...
stand_in() {
    local image=$1 root=$2 origin=$3
    shift 3
    docker image rm "$image" >/dev/null 2>&1 || true
    tar -C "$root" -c . | docker import \
        --change 'EXPOSE 5000' \
        --change 'ENTRYPOINT ["/bin/registry"]' \
        --change "LABEL org.helm-oci-conformance.stand-in=\"$origin\"" \
        "$@" - "$image"
    rm -rf "$root"
    echo "$image: a substitute for the official image, with the real program ($origin)"
}
