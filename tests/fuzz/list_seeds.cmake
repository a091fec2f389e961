# cmake -DSEEDS=... -P list_seeds.cmake: writes SEEDS/NAME.list for each folder SEEDS/NAME, its files in the order of their
# names, for libFuzzer's -seed_inputs=@SEEDS/NAME.list.
file(GLOB folders "${SEEDS}/*")
foreach(folder IN LISTS folders)
  if(IS_DIRECTORY "${folder}")
    file(GLOB files "${folder}/*")
    list(SORT files)
    list(JOIN files "," text)
    file(WRITE "${folder}.list" "${text}")
  endif()
endforeach()
