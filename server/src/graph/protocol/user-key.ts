/** `/users('NAME')`, where quotes and parentheses may be percent-encoded, and a quote in the name is doubled. */
const userKey =
  /^(\/graph\/v1\.0\/users)(?:\(|%28)(?:'|%27)((?:[^'/?%]|%(?!27)[0-9a-f]{2}|(?:'|%27){2})+)(?:'|%27)(?:\)|%29)(?=[/?]|$)/i

/**
 * The URL of a user whose name is a key in parentheses, as a path: clients send a name that begins with `$` in this form.
 * Other URLs are unchanged. [Microsoft Graph, user: get; OData 4.01 §4.3.1]
 */
export function withUserKeyAsPath(url: string): string {
  return url.replace(
    userKey,
    (_all, users: string, name: string) => `${users}/${name.replaceAll(/(?:'|%27){2}/g, '%27')}`,
  )
}
