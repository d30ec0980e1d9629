#!/bin/sh
# Reads a rabbitmq.conf as the server does before it starts: cuttlefish, with the schemas of the server and its plugins.
# The server has no such check; rabbit_prelaunch_conf does the same.
set -eu
file=$1
export ERL_CRASH_DUMP=/dev/null
plugins=$(echo /usr/lib/rabbitmq/lib/rabbitmq_server-*/plugins)
exec erl -noinput -boot start_clean -pa "$plugins"/*/ebin -eval "
  Schemas = lists:sort(filelib:wildcard(\"$plugins/*/priv/schema/*.schema\")),
  Complain = fun(Format, Arguments) -> io:format(\"$file: \" ++ Format ++ \"~n\", Arguments), halt(1) end,
  Explain = fun(Errors) -> [Complain(\"~ts\", [cuttlefish_error:xlate(Error)]) || {error, Error} <- Errors] end,
  _ = [Complain(\"no schema found\", []) || Schemas =:= []],
  Schema = case cuttlefish_schema:files(Schemas) of
    {errorlist, Wrong} -> Explain(Wrong);
    Read -> Read
  end,
  Conf = case cuttlefish_conf:file(\"$file\") of
    {errorlist, Unread} -> Explain(Unread);
    {error, Reason} -> Complain(\"~p\", [Reason]);
    Lines -> Lines
  end,
  case cuttlefish_generator:map(Schema, Conf) of
    {error, _, {errorlist, Errors}} -> Explain(Errors);
    {error, Phase, Other} -> Complain(\"~p ~p\", [Phase, Other]);
    _ -> halt(0)
  end."
