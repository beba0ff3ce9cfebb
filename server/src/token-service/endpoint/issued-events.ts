import { isDeepStrictEqual } from 'node:util'
import { AuthorityMovedError, type AuthorityRevisions } from '../../platform/process/authorized-work.ts'

type Authority = Pick<AuthorityRevisions, 'authorityRevision'>

/**
 * The audit events of what one request issues. A request is answered again when the authority revision has moved: an event
 * is recorded only if the revision is still the revision of the decision, and not a second time for the same response.
 */
export class IssuedEvents {
  readonly #authority: Authority
  #recorded: object[] = []

  constructor(authority: Authority) {
    this.#authority = authority
  }

  /**
   * Records an event with `append`, unless an equal one is recorded.
   *
   * @throws AuthorityMovedError if another authority revision than `revision` is in force: the request must be answered again
   */
  async record(revision: number, event: object, append: () => Promise<void>): Promise<void> {
    if ((await this.#authority.authorityRevision()) !== revision)
      throw new AuthorityMovedError('the authority revision changed while the server issued a token')
    if (this.#recorded.some((recorded) => isDeepStrictEqual(recorded, event))) return
    await append()
    this.#recorded.push(event)
  }
}
