import type { IRenderMime } from "@jupyterlab/rendermime";

/** The data of an output as JupyterLab hands it to a renderer. */
export function createModel(data: object, trusted: boolean): IRenderMime.IMimeModel {
  const model = {
    ...{ data, trusted, metadata: {} },
    setData(options: { data?: object }) {
      if (options.data) model.data = options.data;
    },
  };
  return model as unknown as IRenderMime.IMimeModel;
}
