/**
 * Whether a text matches a pattern, regardless of case. `*` stands for any characters, including slashes, because names of repositories
 * contain slashes. `**` has the same meaning. `?` stands for one character.
 */
export function matchesGlob(pattern: string, text: string): boolean {
  const wanted = pattern.toLowerCase()
  const given = text.toLowerCase()
  let at = 0
  let from = 0
  let starAt = -1
  let resumeAt = 0
  // A regular expression with several stars could take exponential time.
  while (from < given.length) {
    const sign = wanted[at]
    if (sign === '*') {
      starAt = at
      resumeAt = from
      at += 1
    } else if (sign === '?' || (sign !== undefined && sign === given[from])) {
      at += 1
      from += 1
    } else if (starAt === -1) return false
    else {
      at = starAt + 1
      resumeAt += 1
      from = resumeAt
    }
  }
  return /^\**$/.test(wanted.slice(at))
}
