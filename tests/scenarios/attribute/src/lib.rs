//! `#[scenario]` in the place of `#[test]`: what the function plays is played with the mailboxes on Microsoft 365 and
//! then on an Exchange Server, and what Creatio holds in the end is compared. How, stands in `scenarios::both`.

use proc_macro::{Delimiter, Group, TokenStream, TokenTree};

/// A test that is played on both kinds of mailbox.
#[proc_macro_attribute]
pub fn scenario(_: TokenStream, item: TokenStream) -> TokenStream {
    let after = item.clone().into_iter().skip_while(|token| token.to_string() != "fn").nth(1);
    let Some(TokenTree::Ident(name)) = after else {
        return code("compile_error!(\"a scenario is a function\");");
    };
    // The function as it was written stands inside the test: what the compiler says of it names its own lines.
    let mut inside = item;
    inside.extend(code(&format!("::scenarios::both::play(module_path!(), stringify!({name}), {name})")));
    let mut test = code(&format!("#[test] fn {name}()"));
    test.extend([TokenTree::Group(Group::new(Delimiter::Brace, inside))]);
    test
}

fn code(text: &str) -> TokenStream {
    text.parse().unwrap_or_default()
}
