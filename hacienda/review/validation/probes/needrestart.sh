#!/bin/sh
# Reads the file as needrestart does, and prints the services that needrestart would not restart.
set -eu
exec perl -e '
    use strict;
    our %nrconf;
    local $/;
    open(my $file, "<", $ARGV[0]) or die "$!\n";
    eval "no strict; " . <$file>;
    die $@ if $@;
    die "it sets $_\n" for grep { $_ ne "override_rc" } keys %nrconf;
    print "$_ $nrconf{override_rc}{$_}\n" for sort keys %{$nrconf{override_rc}};
' "$1"
