#!/bin/sh
# A folder with the headers and libraries of another architecture, to cross-compile against and to run programs with:
#
#     tools/sysroot.sh FOLDER ARCHITECTURE LIST...
#
# ARCHITECTURE is Debian's name, e.g. arm64; each LIST is a file of packages (first word of each line) like
# mk/packages.txt. Packages and what they need come from the mirrors of this machine, but with a state of their own:
# nothing is installed here, no architecture is added to this system, and no root is needed.
set -eu

folder=$1 architecture=$2
shift 2
wanted=$(awk '!/^#/ && NF {print $1}' "$@")
stamp=$(printf '%s\n' "$architecture" "$wanted")

if [ "$(cat "$folder/.packages" 2>/dev/null)" = "$stamp" ]; then
    exit 0
fi
for tool in apt-get dpkg-deb; do
    command -v "$tool" >/dev/null || {
        echo "sysroot: needs $tool: this is no Debian; unpack the libraries of $architecture to $folder yourself" >&2
        exit 3
    }
done

rm -rf "$folder"
state=$folder.apt
mkdir -p "$folder" "$state/lists/partial" "$state/archives/partial"
state=$(cd "$state" && pwd)
: >"$state/status"
apt() {
    apt-get -qq -o APT::Architecture="$architecture" -o APT::Architectures="$architecture" \
        -o APT::Install-Recommends=0 -o APT::Sandbox::User="$(id -un)" -o Acquire::Languages=none \
        -o Dir::State="$state" -o Dir::State::status="$state/status" -o Dir::Cache="$state" "$@"
}
apt update
# shellcheck disable=SC2086 # words are packages
apt install --download-only -y $wanted

# Debian's library folders are links on a system of today.
for name in bin sbin lib; do
    mkdir -p "$folder/usr/$name"
    ln -s "usr/$name" "$folder/$name"
done
for package in "$state"/archives/*.deb; do
    dpkg-deb --fsys-tarfile "$package" | tar -x --keep-directory-symlink -C "$folder"
done

# What the packages' scripts would do: BLAS and LAPACK are chosen among alternatives. Links to absolute paths would lead
# out of the folder.
for file in "$folder"/usr/lib/*/openblas-pthread/* "$folder"/usr/include/*/openblas-pthread/*; do
    ln -sf "openblas-pthread/$(basename "$file")" "$(dirname "$file")/../$(basename "$file")"
done
find "$folder" -type l -lname '/*' | while read -r link; do
    target=$(readlink "$link")
    if [ -e "$folder$target" ]; then
        ln -sfr "$folder$target" "$link"
    fi
done
rm -rf "$state"
printf '%s\n' "$stamp" >"$folder/.packages"
