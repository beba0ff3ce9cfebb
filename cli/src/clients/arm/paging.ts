import type { FlagDescription } from '../../framework/command/command.ts'
import type { CommandContext } from '../../framework/command/context.ts'
import { failure } from '../../framework/command/failure.ts'
import { isRecord } from '../../framework/values/record.ts'
import { followPages } from '../http/follow-pages.ts'
import type { Account } from '../session/account.ts'
import { armPage, askArm, pathOf } from './arm.ts'

/** Selects a part of a list, like the list commands of az's newer framework. */
export type PagingFlags = { readonly maxItems?: string; readonly nextToken?: string }

/** Describes {@link PagingFlags}. */
export const pagingFlags: readonly FlagDescription[] = [
  {
    flags: '--max-items <number>',
    description: 'the maximum number of items. The command prints the token for the next items to standard error',
  },
  {
    flags: '--next-token <token>',
    description: 'with --max-items: the token from the previous page, at which the list continues',
  },
]

/** Where a list begins: at an item of a page. The first page has no link. */
type Start = { readonly link: string | null; readonly offset: number }

/**
 * Gets the items of a list of ARM, up to `maxItems`. A warning contains the token of the next item. [azure-cli
 * core/aaz/_paging.py]
 *
 * @throws CommandFailure if the number or the token is malformed
 */
export async function listPart(
  context: CommandContext,
  account: Account,
  url: string,
  { maxItems, nextToken }: PagingFlags,
): Promise<unknown[]> {
  const limit = positiveNumber('--max-items', maxItems)
  const given = nextToken === undefined ? undefined : parseToken(nextToken)
  const start = (limit === undefined ? undefined : given) ?? { link: null, offset: 0 }
  const all: unknown[] = []
  let { link, offset } = start
  let left = limit ?? Infinity
  const fetchPage = async (path: string) => {
    const page = armPage(await askArm(account, { method: 'GET', url: path }))
    return { ...page, items: [{ path, items: page.items }] }
  }
  for await (const [page] of followPages(link === null ? url : pathOf(link), fetchPage)) {
    if (page === undefined) continue
    if (page.path !== url) link = `${account.cloud.endpoints.resourceManager.replace(/\/+$/, '')}${page.path}`
    const items = page.items.slice(offset)
    all.push(...items.slice(0, left))
    if (items.length > left) {
      context.log.warning(`Token of next page: ${tokenOf({ link, offset: offset + left })}`)
      break
    }
    left -= items.length
    offset = 0
  }
  return all
}

/**
 * The number of an option. In az's newer commands, a wrong number causes exit code 1. @throws CommandFailure if the
 * value is not a number
 */
export function positiveNumber(option: string, text: string | undefined): number | undefined {
  if (text === undefined) return undefined
  if (!/^[+-]?\d{1,15}$/.test(text)) throw failure(`Failed to parse '${option}' argument: '${text}' is not a number`)
  if (Number(text) < 1) throw failure(`${option}: Invalid format: '${text}' is less than 1`)
  return Number(text)
}

/** The bytes match the output of Python's `json.dumps`, so that az and this command print the same token. */
function tokenOf({ link, offset }: Start): string {
  return Buffer.from(`{"next_link": ${JSON.stringify(link)}, "offset": ${offset}}`).toString('base64')
}

function parseToken(text: string): Start {
  const token = jsonOf(Buffer.from(text, 'base64').toString('utf8'))
  if (!isRecord(token)) throw failure('--next-token: Decoded object is not a dictionary.')
  const { next_link: link, offset } = token
  const isLink = link === null || typeof link === 'string'
  if (isLink && Number.isSafeInteger(offset)) return { link, offset: offset as number }
  throw failure("--next-token: `next_link` or `offset` doesn't exist.")
}

function jsonOf(text: string): unknown {
  try {
    return JSON.parse(text) as unknown
  } catch (error) {
    throw failure('--next-token: Invalid Base64 string.', 'use the token that the previous command printed', error)
  }
}
