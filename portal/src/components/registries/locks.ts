import type { ChangeableAttributes } from '../../api/content-types.ts'

/** The attributes that locks set to false. */
export const lockAttributes = ['writeEnabled', 'deleteEnabled', 'readEnabled', 'listEnabled'] as const

/** Whether something is locked in any way. */
export const isLocked = (locks: ChangeableAttributes) => lockAttributes.some((attribute) => !locks[attribute])

/** Whether the locks forbid that it is deleted. */
export const isUndeletable = ({ deleteEnabled, writeEnabled }: ChangeableAttributes) => !deleteEnabled || !writeEnabled
