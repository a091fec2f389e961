// The C binding: what JavaScript (or any language with a C FFI) calls. inkling_c.cc implements it
// and is the only file that knows Emscripten; wasm/js/module.ts is its one caller in JavaScript.
//
// Every function that can fail returns an int: >= 0 on success, -(StatusCode) on failure, and then
// inkling_last_error() holds the sentence. Pointers are addresses in the module's memory; buffers
// come from inkling_alloc. Float buffers are float32, little-endian.
#pragma once

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

// The message of the last call that failed, UTF-8, NUL-terminated; valid until the next call.
const char* inkling_last_error(void);

// Memory for arguments and results; NULL when there is none left.
void* inkling_alloc(size_t bytes);
void inkling_free(void* memory);

// Hands the next inkling_engine_load a file that the model keeps weights in, by the name that the
// model calls it. The bytes must stay where they are until then.
int inkling_side_file(const char* name, const uint8_t* bytes, size_t size);

// ONNX bytes -> a handle > 0. The bytes may be freed afterwards.
int inkling_engine_load(const uint8_t* onnx, size_t size);
void inkling_engine_free(int handle);

// pixels [count][input] -> probabilities [count][classes], as many floats as the description's
// "input" (its product) and "classes" say: 784 and 10 for most models.
int inkling_engine_classify(int handle, const float* pixels, int count, float* probabilities);

// JSON, UTF-8, NUL-terminated, valid until the next call; NULL on failure:
// {"threshold":0.7,"metadata":{...},"input":[1,1,28,28],"classes":10,"plan":[{"name","op","shape":[...],"multiply_adds","weight_bytes"}]}
const char* inkling_engine_describe(int handle);

// One step of the description's plan, counted from 0, `times` times over, for the images of the
// last classify call (of more than 64, the last that were run at once). There is no clock in the
// module: time it from outside, with as many times as the clock is coarse.
int inkling_engine_run_step(int handle, int step, int times);

// The named tensor of the last classified image: returns the count of floats and sets *values
// (owned by the module, valid until the next call) and shape[0..4) (unused trailing dims are 0).
int inkling_engine_activations(int handle, const char* name, const float** values,
                               int32_t shape[4]);

// xy holds x0,y0,x1,y1,... of all strokes, one after another; lengths the points of each stroke.
// pixels [28][28] is written.
int inkling_pixels_from_strokes(const float* xy, const int32_t* lengths, int stroke_count,
                                float* pixels);

// rgba [height][width][4] -> pixels [28][28].
int inkling_pixels_from_bitmap(const uint8_t* rgba, int width, int height, float* pixels);

#ifdef __cplusplus
}
#endif
