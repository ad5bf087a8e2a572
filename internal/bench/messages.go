package main

import "strings"

// fileMessage is one as programs send them when a file has come, of 748 bytes: the size that figures are given for.
const fileMessage = `pytroll://viirs/sdr/1B file safusr@lxserv1.example.org 2024-05-17T09:41:12.345678+00:00 v1.2 application/json ` +
	`{"start_time": "2024-05-17T09:26:03.700000", "end_time": "2024-05-17T09:38:20", "orbit_number": 64892, ` +
	`"platform_name": "NOAA-20", "sensor": ["viirs"], "format": "SDR", "type": "HDF5", "data_processing_level": "1B", ` +
	`"uid": "SVM13_j01_d20240517_t0926037_e0938200_b64892_c20240517094112_cspp_dev.h5", ` +
	`"uri": "ssh://lxserv1.example.org/data/viirs/SVM13_j01_d20240517_t0926037_e0938200_b64892_c20240517094112_cspp_dev.h5", ` +
	`"variant": "DR", "station": "norrk\u00f6ping", "antenna": "NRK", "request_address": "10.20.30.40:9094", ` +
	`"path": "/data/viirs", "origin": "172.18.0.249:9108", "collection_area_id": "euron1", "segment": "000012_20240517"}`

// datasetMessage is one of some 18 kB, with 112 files.
var datasetMessage = strings.Replace(strings.Replace(fileMessage, " file ", " dataset ", 1), `"variant"`,
	`"dataset": [`+strings.TrimSuffix(strings.Repeat(datasetFile+", ", 112), ", ")+`], "variant"`, 1)

const datasetFile = `{"uri": "ssh://lxserv1.example.org/data/viirs/SVM13_j01_d20240517_t0926037_e0938200_b64892.h5", ` +
	`"uid": "SVM13_j01_d20240517_t0926037_e0938200_b64892.h5"}`
