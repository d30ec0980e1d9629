#!/bin/sh
# Runs a command in a copy of this machine. The copy has a node's files in place and disappears afterwards.
# Called as: unshare --mount --net sh launch.sh SPACE TREE LAYER COMMAND [ARGUMENT...]
# SPACE is an empty folder, TREE a folder with the node's files; with an empty TREE, the copy equals the machine. LAYER is
# empty in a scratch machine. On an operator's machine it is a folder with the files that checks need.
set -eu
space=$1 tree=$2 layer=$3 command=$4
shift 4
mount -t tmpfs -o mode=0755 scratch "$space"
mkdir "$space/upper" "$space/work" "$space/root"
# The tree is on a tmpfs: overlayfs refuses layers of one file system that contain one another.
mount -t overlay -o "userxattr,lowerdir=${tree:+$tree:}${layer:+$layer:}/,upperdir=$space/upper,workdir=$space/work" overlay "$space/root"
for folder in dev proc sys; do
    mount --rbind "/$folder" "$space/root/$folder"
done
# No check needs to write here, and checks must not change an operator's machine.
if [ -n "$layer" ]; then
    for folder in sys proc/sys; do
        mount --rbind "$space/root/$folder" "$space/root/$folder"
        mount -o remount,bind,ro "$space/root/$folder"
    done
fi
mount -t tmpfs -o mode=0755 run "$space/root/run"
ip link set lo up
exec chroot "$space/root" /bin/sh -c "$command" check "$@"
