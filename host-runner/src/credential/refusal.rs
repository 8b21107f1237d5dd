//! What a person is told where an Exchange Server refuses a sign-in: by what it offers instead.

use super::SignIn;
use crate::http::Origin;

/// The sentence for a refused request; none for sign-ins that have words of their own.
pub(super) fn text(sign_in: &SignIn, headers: &[(String, String)], origin: &Origin) -> Option<String> {
    let offered = offered(headers);
    let takes = |scheme: &str| offered.is_empty() || offered.iter().any(|offer| offer.eq_ignore_ascii_case(scheme));
    let instead = offered.join(" and ");
    Some(match sign_in {
        SignIn::Basic(_) if !takes("Basic") => format!(
            "Exchange at {origin} does not take sign-in = \"basic\"; it offers {instead}. Change sign-in in [exchange], or switch \
             Basic authentication on for the server's virtual directory EWS"
        ),
        SignIn::Ntlm(_) if !takes("NTLM") => format!(
            "Exchange at {origin} does not take sign-in = \"ntlm\"; it offers {instead}. Change sign-in in [exchange], or switch \
             Windows authentication on for the server's virtual directory EWS"
        ),
        SignIn::Basic(login) => format!(
            "Exchange at {origin} refuses the sign-in of {}. Check [exchange] user and the password it names, and that the \
             account is neither locked nor expired",
            login.user
        ),
        SignIn::Ntlm(login) => format!(
            "Exchange at {origin} refuses the sign-in of {}. Check [exchange] user (DOMAIN\\user) and the password it names, and \
             that the account is neither locked nor expired. If all that is right, a proxy with a certificate of its own may \
             stand before the server: where Extended Protection is on, its channel binding makes NTLM impossible there; give \
             the proxy the server's certificate, or use sign-in = \"basic\" or \"oauth\"",
            login.user
        ),
        SignIn::ClientCredentials(client) if client.place == "Exchange" => format!(
            "Exchange at {origin} refuses the token of the application {}. Check that it takes tokens of {} (Get-AuthServer), \
             that scope in [exchange] names this server, and that the application may use full_access_as_app",
            client.client_id, client.token_url
        ),
        SignIn::ClientCredentials(_) | SignIn::Forms(_) | SignIn::None => return None,
    })
}

fn offered(headers: &[(String, String)]) -> Vec<&str> {
    let values = headers.iter().filter(|(name, _)| name == "www-authenticate");
    values.filter_map(|(_, value)| value.split([' ', ',']).find(|word| !word.is_empty())).collect()
}
