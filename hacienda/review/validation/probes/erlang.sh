#!/bin/sh
# Reads a file of Erlang terms in the way in which the runtime reads its TLS options.
set -eu
file=$1
export ERL_CRASH_DUMP=/dev/null
exec erl -noinput -boot start_clean -eval "
  case file:consult(\"$file\") of
    {ok, [_]} -> halt(0);
    {ok, Terms} -> io:format(\"$file: ~b terms, but exactly one is needed~n\", [length(Terms)]), halt(1);
    {error, Reason} -> io:format(\"$file: ~ts~n\", [file:format_error(Reason)]), halt(1)
  end."
