#!/bin/sh
# Runs a command in a copy of this machine that has a node's files in place and is gone afterwards.
# Called as: unshare --mount --net sh launch.sh SPACE TREE LAYER COMMAND [ARGUMENT...]
# SPACE is an empty folder, TREE a folder with the node's files; an empty TREE stands for the machine as it is. LAYER, if not
# empty, is a folder with what the machine lacks for checking: it is not one of ours.
set -eu
space=$1 tree=$2 layer=$3 command=$4
shift 4
mount -t tmpfs -o mode=0755 scratch "$space"
mkdir "$space/upper" "$space/work" "$space/root"
# The tree lies on a tmpfs: overlayfs refuses layers of one file system that contain one another.
mount -t overlay -o "userxattr,lowerdir=${tree:+$tree:}${layer:+$layer:}/,upperdir=$space/upper,workdir=$space/work" overlay "$space/root"
for folder in dev proc sys; do
    mount --rbind "/$folder" "$space/root/$folder"
done
# No check needs to write here, and a machine that is not ours must not notice that there was one.
if [ -n "$layer" ]; then
    for folder in sys proc/sys; do
        mount --rbind "$space/root/$folder" "$space/root/$folder"
        mount -o remount,bind,ro "$space/root/$folder"
    done
fi
mount -t tmpfs -o mode=0755 run "$space/root/run"
ip link set lo up
exec chroot "$space/root" /bin/sh -c "$command" check "$@"
