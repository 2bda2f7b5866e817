/** A model as Paperclip's form offers it. */
export interface Model {
  id: string;
  label: string;
}

export function modelOf(id: string): Model {
  return { id, label: id };
}
