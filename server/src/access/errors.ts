/** The same role is already given to the same principal at the same scope, or the assignment's name is in use. */
export class AssignmentExistsError extends Error {
  override readonly name = 'AssignmentExistsError'
}
