import { readFile, stat } from 'node:fs/promises'
import { plainReason } from '@acrux/shared/texts/plain-reason.ts'
import { WrongUsageError } from '../../framework/command/failure.ts'
import { isRecord } from '../../framework/values/record.ts'

const maxFileBytes = 64 * 1024

/** Reads a configuration file, YAML or JSON, with only these settings. @throws WrongUsageError */
export async function readConfigFile(
  file: string,
  names: readonly string[],
): Promise<Readonly<Record<string, unknown>>> {
  const settings = await parseFile(file)
  if (!isRecord(settings)) throw new WrongUsageError(`the configuration file ${file} is not a mapping of settings`)
  const unknown = Object.keys(settings).find((name) => !names.includes(name))
  if (unknown !== undefined)
    throw new WrongUsageError(
      `the configuration file ${file} has an unknown setting: ${unknown}`,
      `the settings are ${names.join(', ')}`,
    )
  return settings
}

async function parseFile(file: string): Promise<unknown> {
  try {
    const { size } = await stat(file)
    if (size > maxFileBytes) throw new Error(`the file has more than ${maxFileBytes} bytes`)
    const text = await readFile(file, 'utf8')
    // Only a provider with a configuration file loads the parser.
    const { parse } = await import('yaml')
    return parse(text) as unknown
  } catch (error) {
    throw new WrongUsageError(`the configuration file ${file} cannot be read: ${plainReason(error)}`)
  }
}
