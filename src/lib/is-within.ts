/** Whether a path is a folder itself or lies below it. Both are absolute and have no `.`, `..` or slash at the end. */
export function isWithin(path: string, folder: string): boolean {
  return path === folder || path.startsWith(folder === "/" ? "/" : `${folder}/`);
}
