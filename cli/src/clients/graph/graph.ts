import { CommandFailure } from '../../framework/command/failure.ts'
import { isRecord } from '../../framework/values/record.ts'
import { valueAt } from '../../framework/values/shape.ts'
import { askGraph, pathOf } from '../arm/arm.ts'
import { allItems } from '../http/follow-pages.ts'
import type { Account } from '../session/account.ts'

/** A filter of Graph, or none. */
type GraphFilter = string | undefined

/** Gets a list of Graph. The path of the endpoint is removed from the link to the next page. @throws ApiError */
export async function listGraph(account: Account, path: string, filter?: GraphFilter): Promise<readonly unknown[]> {
  const first = `/v1.0${path}${filter === undefined ? '' : `?$filter=${encodeURIComponent(filter)}`}`
  const base = new URL(account.cloud.endpoints['microsoftGraphResourceId'] ?? 'https://localhost').pathname
  return allItems(first, async (url) => {
    const page = await askGraph(account, { method: 'GET', url })
    const value = valueAt(page, 'value')
    const link = isRecord(page) ? page['@odata.nextLink'] : undefined
    return {
      items: Array.isArray(value) ? (value as unknown[]) : [],
      next: typeof link === 'string' ? pathOf(link).replace(base, '/') : undefined,
    }
  })
}

/** Sends a request to Graph, such as `/applications`. @throws ApiError */
export function graph(
  account: Account,
  method: 'GET' | 'POST' | 'PATCH' | 'DELETE',
  path: string,
  body?: object,
): Promise<unknown> {
  return askGraph(account, { method, url: `/v1.0${path}`, ...(body !== undefined && { body }) })
}

/** Runs a command of `az ad` other than `show`, for which a missing object causes the exit code 1. */
export async function orFailed<Result>(run: () => Promise<Result>): Promise<Result> {
  try {
    return await run()
  } catch (error) {
    if (!(error instanceof CommandFailure) || error.exitCode !== 3) throw error
    throw new CommandFailure(error.message, 1, error.nextStep, { cause: error })
  }
}
