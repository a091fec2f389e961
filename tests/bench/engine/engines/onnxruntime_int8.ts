// The same quantised file as Inkling's.
import { loadOf } from './onnxruntime.ts';

export default loadOf('-int8.onnx');
