import { homedir } from 'node:os'
import path from 'node:path'

type Environment = Readonly<Record<string, string | undefined>>

/** The directory of the profile: `ACRUX_CONFIG_DIR`, or `acrux` in the user's configuration directory. [XDG Base Directory] */
export function configDirectory(env: Environment): string {
  const own = env['ACRUX_CONFIG_DIR']
  if (own !== undefined && own !== '') return path.resolve(own)
  const base = env['XDG_CONFIG_HOME']
  // The specification requires relative paths to be ignored.
  return path.join(base !== undefined && path.isAbsolute(base) ? base : path.join(homedir(), '.config'), 'acrux')
}
