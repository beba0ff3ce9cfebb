/** The platforms of an image for a list: without the operating system, if it is Linux, and each once. */
export function platformNames(platforms: readonly { readonly os: string; readonly architecture: string }[]): string {
  const names = platforms.map(({ os, architecture }) => (os === 'linux' ? architecture : `${os}/${architecture}`))
  return [...new Set(names)].toSorted().join(' · ')
}
