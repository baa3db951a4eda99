//! What stands at the end of the help.

pub(super) const EXAMPLES: &str = "\
Examples (fetch stands for: cargo run --release --example fetch --):
  # An unreliable API of its own
  fetch
  # Linked pages that are arrays, with a bearer token from $TOKEN
  fetch https://api.example.com/issues --next link --items '' --bearer-env TOKEN
  # A cursor in the body; page numbers up to a total
  fetch https://api.example.com/search --next token:body:/next=query:cursor --items /hits
  fetch https://api.example.com/users --next page:page --items /users --total body:/count
  # OAuth 2.0 client credentials, from $ID and $KEY
  fetch https://api.example.com/users --oauth2-token-url https://login.example.com/token \\
    --oauth2-client-id-env ID --oauth2-client-secret-env KEY --oauth2-scope users.read
  # To be run again after whatever ended it: each item is in the file once
  fetch https://api.example.com/events --next link --items '' -o events --checkpoint events.at
  # A search by POST that may be repeated, and an account of it on stdout
  fetch https://api.example.com/search -d @query.json --idempotent -o hits --summary -
  # What each page must have; a breach is counted, and ends nothing
  fetch https://api.example.com/orders --require '/orders/*/id: string' --contract report

Exit:
  0   done, or stopped at a limit
  1   the output cannot be written
  2   the command line cannot be meant; nothing was sent
  3   the API answered with an error status
  4   a page or an item broke its contract, or is no JSON
  5   transport, timeout or deadline
  6   the next page was refused, or what is too large or repeats itself
  7   a credential could not be obtained, or was refused
  130 interrupted by Ctrl-C or SIGTERM; a second one ends it at once, without a summary";
