import { formatTime } from '../../components/texts/format.ts'
import { rightsTexts } from '../../components/texts/rights.ts'
import { type TokenPassword } from './token-rows.ts'

const texts = rightsTexts.token

/** A password in words: its expiry, and its last use. */
export function passwordText({ name, expiresAt, lastUsedAt }: TokenPassword, showsUses: boolean): string {
  const isExpired = expiresAt !== undefined && Date.parse(expiresAt) <= Date.now()
  const expiry =
    expiresAt === undefined ? texts.never : `${isExpired ? texts.expired : texts.expires} ${formatTime(expiresAt)}`
  const use = lastUsedAt === undefined ? texts.unused : `${texts.used} ${formatTime(lastUsedAt)}`
  return `${name}: ${expiry}${showsUses ? `, ${use}` : ''}`
}
