import { sizeText } from '@acrux/shared/texts/size-text.ts'
import type { SizedPlatform } from '../../api/content-types.ts'

type Platform = Pick<SizedPlatform, 'os' | 'architecture'>

const nameOf = ({ os, architecture }: Platform) => (os === 'linux' ? architecture : `${os}/${architecture}`)

/** The platforms of an image for a list: without the operating system, if it is Linux, and each once. */
export function platformNames(platforms: readonly Platform[]): string {
  return joined(platforms.map(nameOf))
}

/** The platforms of an image, of several platforms each with its size, which says how much a client downloads. */
export function sizedPlatforms(platforms: readonly (Platform & Pick<SizedPlatform, 'size'>)[]): string {
  if (platforms.length <= 1) return platformNames(platforms)
  return joined(platforms.map((platform) => `${nameOf(platform)} ${sizeText(platform.size)}`))
}

const joined = (names: readonly string[]) => [...new Set(names)].toSorted().join(' · ')
